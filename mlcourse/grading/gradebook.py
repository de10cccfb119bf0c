"""What nbgrader does again for every submission, done once for a whole run."""

import contextlib
import functools
import json
from collections.abc import Iterator

from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import common
from sqlalchemy.orm import scoped_session, sessionmaker

#: Where a session keeps the released notebooks that were read from its gradebook.
RELEASED = "released"


@contextlib.contextmanager
def one_connection() -> Iterator[None]:
    """Let every `Gradebook` that is opened meanwhile share what the first one has found out.

    nbgrader opens the gradebook some sixteen times for each submission. Each time it looks whether all tables are
    there, and SQLAlchemy compiles every query anew, which together takes longer than the queries do. What was released
    does not change meanwhile: it is read once.
    """
    first, last = Gradebook.__init__, Gradebook.close
    engines, released = {}, {}

    def open_again(self, db_url, course_id="default_course", authenticator=None):
        if (db_url, course_id) not in engines:
            first(self, db_url, course_id, authenticator)
            self.db.remove()
            engines[db_url, course_id], released[db_url, course_id] = self.engine, {}
        self.engine = engines[db_url, course_id]
        info = {RELEASED: released[db_url, course_id]}
        self.db = scoped_session(sessionmaker(autoflush=True, bind=self.engine, future=True, info=info))
        self.course_id, self.authenticator = course_id, authenticator

    def close(self):
        self.db.remove()

    Gradebook.__init__, Gradebook.close = open_again, close
    try:
        yield
    finally:
        Gradebook.__init__, Gradebook.close = first, last
        for engine in engines.values():
            engine.dispose()


@contextlib.contextmanager
def one_schema() -> Iterator[None]:
    """Check the schema of nbgrader's metadata once: nbgrader does so for every cell, three times a submission."""
    jsonschema = common.jsonschema

    @functools.cache
    def validator(schema: str):
        schema = json.loads(schema)
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        return kind(schema)

    class Once:
        @staticmethod
        def validate(instance, schema):
            error = jsonschema.exceptions.best_match(validator(json.dumps(schema)).iter_errors(instance))
            if error is not None:
                raise error

    common.jsonschema = Once
    try:
        yield
    finally:
        common.jsonschema = jsonschema
