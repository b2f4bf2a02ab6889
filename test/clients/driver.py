"""Drives a Python client for the tests: one call a line on its input, one outcome a line on its output."""

import importlib
import json
import sys
import time


def outcome_of(error):
    told = {"type": type(error).__name__, "message": str(error)}
    for name in ("operation", "status", "code", "detail", "errors", "correlation_id", "retry_after", "body", "sent"):
        if hasattr(error, name):
            told[name] = getattr(error, name)
    return told


class TestClient:
    """One client of the package under test, and what its hooks have seen."""

    def __init__(self, package, settings):
        self.heads = []
        self.refusals = []
        module = importlib.import_module(package)
        tokens = settings.pop("tokens", None)
        if tokens is not None:
            settings["token"] = lambda refused: self.give(tokens, refused)
        self.client = getattr(module, settings.pop("class_name", "ReskClient"))(on_reply=self.heads.append, **settings)

    def give(self, tokens, refused):
        self.refusals.append(refused)
        return tokens[min(len(self.refusals), len(tokens)) - 1]

    def run(self, method, args, kwargs, lines):
        if lines is not None:
            kind, values = lines
            args = args + [self.source(kind, values)]
        value = getattr(self.client, method)(*args, **kwargs)
        return {"base64": value.hex()} if isinstance(value, bytes) else value

    @staticmethod
    def source(kind, values):
        def one_by_one():
            yield from values
            if kind == "broken":
                raise RuntimeError("the source broke")
            if kind == "reset":
                raise ConnectionResetError("the source was reset")
            while kind == "endless":
                time.sleep(0.05)
                yield values[0]

        if kind == "list":
            return values
        return one_by_one if kind == "function" else one_by_one()


def main():
    clients = {}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "settings" in asked:
                clients[asked["client"]] = TestClient(asked["package"], asked["settings"])
                answer = {"value": None}
            else:
                told = clients[asked["client"]]
                told.heads.clear()
                value = told.run(asked["method"], asked["args"], asked["kwargs"], asked.get("lines"))
                answer = {"value": value}
        except Exception as error:  # Whatever it is, the test compares it.
            answer = {"error": outcome_of(error)}
        told = clients.get(asked["client"])
        if told is not None:
            answer["heads"] = [[head.operation, head.status, dict(head.headers)] for head in told.heads]
            answer["refusals"] = told.refusals
        print(json.dumps(answer), flush=True)


main()
