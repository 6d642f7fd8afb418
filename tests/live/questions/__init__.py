"""The questions, a module a topic; the numbers' first digit is the topic and they never change."""
