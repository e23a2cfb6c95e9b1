"""Serves moto on a free loopback port, which it prints, until its standard
input ends: the emulator never outlives the tests, however they end."""

import json
import os
import sys
import threading

from moto.core.config import default_user_config
from moto.ecs.models import EC2ContainerServiceBackend
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import Queue
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.serving import make_server

# The provider asks these of every state machine, and tries for minutes when it
# gets no answer. moto has neither. The definition's check is asl-validator's.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
for action, answer in {
    "validate_state_machine_definition": {"result": "OK", "diagnostics": [], "truncated": False},
    "list_state_machine_versions": {"stateMachineVersions": []},
}.items():
    if not hasattr(StepFunctionResponse, action):
        setattr(StepFunctionResponse, action, lambda self, answer=answer: json.dumps(answer))

# A deleted cluster is listed by moto for ever, and by AWS not at all.
EC2ContainerServiceBackend.list_clusters = lambda self: [c.arn for c in self.clusters.values() if c.status != "INACTIVE"]

# A container of Fargate's need not say how much memory it takes: the task does.
EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(
    lambda definition: {"CPU": int(definition.cpu or 0), "MEMORY": int(definition.memory or 0), "PORTS": [], "PORTS_UDP": []}
)

# State machines are carried out, not only remembered.
# https://docs.getmoto.org/en/latest/docs/configuration/index.html
default_user_config["stepfunctions"] = {"execute_state_machine": True}

# A function of a queue would be started in Docker. The tests are Lambda themselves.
Queue.lambda_event_source_mappings = property(lambda self: {}, lambda self, mappings: None)


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


moto = DomainDispatcherApplication(create_backend_app)
dynamodb = threading.Lock()


def application(environ, start_response):
    """DynamoDB's writes are atomic; moto's are not among threads."""
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
        with dynamodb:
            return moto(environ, start_response)
    return moto(environ, start_response)


threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server("127.0.0.1", 0, application, threaded=True)
# Where its Step Functions sends messages to its SQS, as localhost.
os.environ["MOTO_PORT"] = str(server.port)
print(server.port, flush=True)
server.serve_forever()
