"""A small model of Snowflake's transactions, and all interleavings of two runs over it.

DuckDB, which the embedded warehouse is made of, works with snapshots and row conflicts; Snowflake works with
locks on tables and shows every statement what is committed.  Green tests on the one prove little for the other.
So this package runs the production code unchanged - plan, ``lease.take``, ``publish.publish``, ``lease.release``,
over the genuine ``Session`` - against a model of Snowflake's rules, one statement at a time, in every order.

The rules, and where they come from (SF = docs.snowflake.com/en/sql-reference/transactions and .../parameters;
the rest from the notes of the project's reference, "Transactions and sessions"):

1.  READ COMMITTED is the only isolation level: a statement sees what was committed before it began, and what its
    own transaction did before (SF "Read committed isolation").
2.  UPDATE, DELETE and MERGE lock the table to the end of their transaction and wait for each other; INSERT and
    COPY mostly neither wait nor make wait (SF "Resource locking").  "Mostly": ``Rules.inserts_lock`` models the
    opposite, and scenarios run with both.
3.  A statement that waited for a lock works on the rows as committed then, not as at its beginning.  One that
    matches no row takes no lock, even if it says so in no document: the unfavourable case.
4.  Whoever waits may get error 000625: at once (too many waiters) or when LOCK_TIMEOUT has passed.  The statement
    is undone, the transaction stays open (SF "Statement rollback", LOCK_TIMEOUT).  Who gets a lock first is open.
5.  Outside BEGIN every statement is its own transaction.  BEGIN in a transaction does nothing, nor does COMMIT or
    ROLLBACK outside one (SF "BEGIN", "COMMIT").
6.  DDL commits the open transaction before it runs (SF "DDL").
7.  Closing a session rolls back.  A session whose client is gone is *detached*: its transaction stays open with
    its locks and is aborted at some later moment, sooner or later (SF "Aborting transactions": up to 5 idle minutes
    if it blocks others, 4 hours otherwise).
8.  A statement whose client is gone runs to its end (ABORT_DETACHED_QUERY=FALSE): it may take place now, later or,
    when it never arrived, not at all.  That holds for COMMIT: its lost answer says nothing.
9.  A session runs one statement after the other: what was sent before and not answered comes first.
10. The clock stands still but for what scenarios let pass: LOCK_TIMEOUT, the length of a lease, a slow INSERT.

Rules that make more schedules than Snowflake has (who gets a lock, when a detached transaction ends, LOCK_TIMEOUT at
any wait) are on the safe side: what holds here holds there.

How all schedules are visited: a run is a function from the answers it got to its next statement (``program``);
equal answers mean equal futures.  So two schedules that lead to the same warehouse and the same answers are one
state, visited once (``explore``).  Nothing is cut off that could differ; the number of schedules is counted
exactly, as the number of paths through the states.

    sql, expressions   the statements, parsed as Snowflake's by sqlglot, any unknown shape is an error
    server             tables, sessions, transactions, locks: rules 1 to 10
    driver, program    the production code on one side, held still at each statement
    actions, explore   what may happen next, and all of it; the shortest schedule to a violation
    loads, scenarios   what the runs do
    checks             what has to hold in every state
"""
