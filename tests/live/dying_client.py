"""A client that dies: signs in, does what it is told on standard input, says one value and kills itself.

Its session, its open transaction and its queries stay behind as those of a loader that was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from room import Account


def main() -> None:
    order = json.load(sys.stdin)
    session = Account(**order["account"]).open("snowflake_etl live dying client", order["schema"])
    for statement in order["statements"]:
        session.execute(statement)
    if order["submit"]:
        print(session.submit(order["submit"]), flush=True)
    else:
        print(session.query(order["answer"])[0][0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
