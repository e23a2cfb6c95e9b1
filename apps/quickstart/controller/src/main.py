"""The Quick Start's controller: starts workflows and says whether it is healthy.

Request: {"action": "health"} or {"action": "start", "workflow_id": "w-1", "input": {...}}.
Environment: STATE_TABLE, a table's name; TASK_QUEUE, a queue's URL.
"""

import functools
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

# It becomes part of a key and of a Step Functions execution's name, should there be one later.
WORKFLOW_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
MAX_INPUT = 200 * 1024  # below SQS's 256 KiB per message and DynamoDB's 400 KB per item
READY = ("ACTIVE", "UPDATING")


class BadRequest(Exception):
    """The request cannot be served; the text is for the caller."""


@functools.cache
def _client(service):
    # Imported here so that the module loads, and can be tested, without boto3.
    import boto3
    from botocore.config import Config

    retries = {"total_max_attempts": 2, "mode": "standard"}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=3, retries=retries))


def lambda_handler(event, context, client=_client, env=os.environ):
    """Answers one request. client and env are replaced by tests only."""
    try:
        table, queue = _settings(env)
        action = _action(event)
        if action == "health":
            _only(event, "action")
            return _health(client, table, queue)
        return _start(client, table, queue, event)
    except BadRequest as problem:
        return _failure(400, "invalid_request", str(problem))


def _settings(env):
    missing = [name for name in ("STATE_TABLE", "TASK_QUEUE") if not env.get(name, "").strip()]
    if missing:
        # Not the caller's fault: an error of the function, for its alarms.
        raise RuntimeError("must be set: " + ", ".join(missing))
    return env["STATE_TABLE"], env["TASK_QUEUE"]


def _action(event):
    if not isinstance(event, dict):
        raise BadRequest('the request must be an object such as {"action": "health"}')
    action = event.get("action")
    if action not in ("health", "start"):
        raise BadRequest(f"unknown action {action!r:.80}, actions: health, start")
    return action


def _only(event, *known):
    unknown = sorted(set(event) - set(known))
    if unknown:
        raise BadRequest(f"unknown fields: {', '.join(unknown)}; known: {', '.join(known)}")


def _health(client, table, queue):
    # Made here: boto3's default session, unlike its clients, is not for several threads.
    dynamodb, sqs = client("dynamodb"), client("sqs")

    def check_table():
        status = dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        if status not in READY:
            raise RuntimeError(f"the table must be {' or '.join(READY)}, got {status}")

    def check_queue():
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])

    with ThreadPoolExecutor(2) as pool:
        checks = list(pool.map(_check, ("state-table", "task-queue"), (check_table, check_queue)))
    if all(check["ok"] for check in checks):
        return {"status": 200, "action": "health", "ok": True, "checks": checks}
    failed = ", ".join(check["name"] for check in checks if not check["ok"])
    return _failure(503, "unhealthy", f"failed: {failed}", action="health", checks=checks)


def _check(name, call):
    started = time.monotonic()
    error = None
    try:
        call()
    except Exception as problem:  # whatever it is, it is what health was asked for
        error = {"code": _code(problem), "message": str(problem)}
    latency = round((time.monotonic() - started) * 1000)
    check = {"name": name, "ok": error is None, "latency_ms": latency}
    return check if error is None else check | {"error": error}


def _start(client, table, queue, event):
    _only(event, "action", "workflow_id", "input")
    workflow = event.get("workflow_id")
    if not isinstance(workflow, str) or not WORKFLOW_ID.fullmatch(workflow):
        raise BadRequest(f"workflow_id must match {WORKFLOW_ID.pattern}, got {workflow!r:.80}")
    given = event.get("input", {})
    if not isinstance(given, dict):
        raise BadRequest(f"input must be an object, got {type(given).__name__}")
    body = json.dumps(given, sort_keys=True, separators=(",", ":"))
    if len(body) > MAX_INPUT:
        raise BadRequest(f"input must be at most {MAX_INPUT} bytes of JSON, got {len(body)}")

    record = {
        "pk": {"S": f"workflow#{workflow}"}, "sk": {"S": "workflow"},
        "input": {"S": body}, "created": {"N": str(int(time.time()))},
    }
    db, created = client("dynamodb"), True
    try:
        db.put_item(TableName=table, Item=record, ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except Exception as problem:
        if _code(problem) != "ConditionalCheckFailedException":
            raise
        created, record = False, problem.response["Item"]
        if record["input"]["S"] != body:
            return _failure(409, "conflict", f"workflow {workflow} exists with another input", action="start")
    if "queued" not in record:
        # Marked after it is sent: a start that ends in between is completed by its
        # repetition, at the price of a second message, which SQS may deliver anyway.
        task = json.dumps({"workflow_id": workflow, "input": given}, sort_keys=True)
        client("sqs").send_message(QueueUrl=queue, MessageBody=task)
        queued = record | {"queued": {"N": str(int(time.time()))}}
        db.put_item(TableName=table, Item=queued, ConditionExpression="attribute_exists(pk)")
    return {"status": 200, "action": "start", "ok": True, "workflow_id": workflow, "created": created}


def _code(problem):
    """The AWS error code of a botocore ClientError, otherwise the error's type."""
    response = getattr(problem, "response", None) or {}
    return response.get("Error", {}).get("Code") or type(problem).__name__


def _failure(status, code, message, **more):
    return {"status": status, "ok": False, "error": {"code": code, "message": message}} | more
