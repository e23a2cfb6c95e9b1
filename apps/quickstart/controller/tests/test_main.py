"""Tests of the Quick Start's controller: python3 -m unittest discover, from its folder or from tests."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "src"))

import main  # noqa: E402

ENV = {"STATE_TABLE": "state", "TASK_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"}
START = {"action": "start", "workflow_id": "w-1", "input": {"question": "why?"}}


class ClientError(Exception):
    """Has what botocore's error of the same name has."""

    def __init__(self, code):
        super().__init__(f"An error occurred ({code})")
        self.response = {"Error": {"Code": code}}


class FakeAWS:
    """Both clients: one table and one queue. fail maps a method to the error it raises."""

    def __init__(self, status="ACTIVE"):
        self.status, self.items, self.messages, self.fail = status, {}, [], {}

    def __call__(self, service):
        return self

    def _do(self, method, wanted, got):
        assert wanted == got, (wanted, got)
        if method in self.fail:
            raise self.fail[method]

    def describe_table(self, TableName):
        self._do("describe_table", "state", TableName)
        return {"Table": {"TableStatus": self.status}}

    def get_queue_attributes(self, QueueUrl, AttributeNames):
        self._do("get_queue_attributes", ENV["TASK_QUEUE"], QueueUrl)
        return {"Attributes": {"QueueArn": "arn"}}

    def put_item(self, TableName, Item, ConditionExpression, ReturnValuesOnConditionCheckFailure="NONE"):
        self._do("put_item", "state", TableName)
        if "queued" in Item:
            self._do("mark", "attribute_exists(pk)", ConditionExpression)
        else:
            assert ConditionExpression == "attribute_not_exists(pk)"
        key = Item["pk"]["S"], Item["sk"]["S"]
        if (key in self.items) != ("queued" in Item):
            refusal = ClientError("ConditionalCheckFailedException")
            if ReturnValuesOnConditionCheckFailure == "ALL_OLD":
                refusal.response["Item"] = self.items[key]
            raise refusal
        self.items[key] = dict(Item)

    def send_message(self, QueueUrl, MessageBody):
        self._do("send_message", ENV["TASK_QUEUE"], QueueUrl)
        self.messages.append(json.loads(MessageBody))


def call(event, aws=None, env=ENV):
    return main.lambda_handler(event, None, aws or FakeAWS(), env)


class Health(unittest.TestCase):
    def test_ready(self):
        for status in ("ACTIVE", "UPDATING"):
            got = call({"action": "health"}, FakeAWS(status))
            self.assertEqual((got["status"], got["ok"]), (200, True))
            self.assertEqual([c["name"] for c in got["checks"]], ["state-table", "task-queue"])
            self.assertTrue(all(c["latency_ms"] >= 0 for c in got["checks"]))

    def test_not_ready(self):
        got = call({"action": "health"}, FakeAWS("CREATING"))
        self.assertEqual((got["status"], got["ok"]), (503, False))
        self.assertEqual(got["error"], {"code": "unhealthy", "message": "failed: state-table"})
        self.assertIn("got CREATING", got["checks"][0]["error"]["message"])
        self.assertTrue(got["checks"][1]["ok"])

    def test_refused(self):
        aws = FakeAWS()
        aws.fail = {"get_queue_attributes": ClientError("AccessDenied"), "describe_table": TimeoutError("late")}
        got = call({"action": "health"}, aws)
        self.assertEqual(got["error"]["message"], "failed: state-table, task-queue")
        self.assertEqual([c["error"]["code"] for c in got["checks"]], ["TimeoutError", "AccessDenied"])


class Start(unittest.TestCase):
    def test_record_and_message(self):
        aws = FakeAWS()
        want = {"status": 200, "action": "start", "ok": True, "workflow_id": "w-1", "created": True}
        self.assertEqual(call(START, aws), want)
        self.assertEqual(aws.messages, [{"workflow_id": "w-1", "input": {"question": "why?"}}])
        self.assertEqual(aws.items["workflow#w-1", "workflow"]["input"], {"S": '{"question":"why?"}'})

    def test_again_is_the_same_workflow(self):
        aws = FakeAWS()
        call(START, aws)
        got = call(START, aws)
        self.assertEqual((got["ok"], got["created"], len(aws.messages)), (True, False, 1))

    def test_again_completes_what_was_cut_off(self):
        for method in ("send_message", "mark"):
            aws = FakeAWS()
            aws.fail = {method: TimeoutError("late")}
            self.assertRaises(TimeoutError, call, START, aws)
            sent = len(aws.messages)
            aws.fail = {}
            self.assertTrue(call(START, aws)["ok"])
            self.assertTrue(call(START, aws)["ok"])
            self.assertEqual(len(aws.messages), sent + 1, method)

    def test_other_input(self):
        aws = FakeAWS()
        call(START, aws)
        got = call(START | {"input": {}}, aws)
        self.assertEqual((got["status"], got["error"]["code"], len(aws.messages)), (409, "conflict", 1))

    def test_an_error_of_aws_is_one_of_the_function(self):
        aws = FakeAWS()
        aws.fail = {"put_item": ClientError("AccessDeniedException")}
        self.assertRaises(ClientError, call, START, aws)
        self.assertEqual(aws.messages, [])


class BadInput(unittest.TestCase):
    def test_refused(self):
        limit = main.MAX_INPUT
        for event, want in (
            (None, 'the request must be an object such as {"action": "health"}'),
            ([], 'the request must be an object such as {"action": "health"}'),
            ({}, "unknown action None, actions: health, start"),
            ({"action": ["start"]}, "unknown action ['start'], actions: health, start"),
            ({"action": "stop"}, "unknown action 'stop', actions: health, start"),
            ({"action": "health", "x": 1}, "unknown fields: x; known: action"),
            ({"action": "start"}, "workflow_id must match [A-Za-z0-9_-]{1,80}, got None"),
            (START | {"workflow_id": "a/b"}, "workflow_id must match [A-Za-z0-9_-]{1,80}, got 'a/b'"),
            (START | {"workflow_id": "a\n"}, "workflow_id must match [A-Za-z0-9_-]{1,80}, got 'a\\n'"),
            (START | {"workflow_id": 7}, "workflow_id must match [A-Za-z0-9_-]{1,80}, got 7"),
            (START | {"input": "why?"}, "input must be an object, got str"),
            (START | {"input": {"x": "y" * limit}}, f"input must be at most {limit} bytes of JSON, got {limit + 8}"),
        ):
            aws = FakeAWS()
            want = {"status": 400, "ok": False, "error": {"code": "invalid_request", "message": want}}
            self.assertEqual(call(event, aws), want)
            self.assertEqual((aws.items, aws.messages), ({}, []))

    def test_missing_settings_are_named_together(self):
        with self.assertRaisesRegex(RuntimeError, "must be set: STATE_TABLE, TASK_QUEUE$"):
            call({"action": "health"}, env={"TASK_QUEUE": " "})


if __name__ == "__main__":
    unittest.main()
