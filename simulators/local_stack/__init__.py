"""Real Kafka and a real schema registry on this machine, with Python as the only prerequisite.

    with LocalStack(folder) as stack:
        run_worker(env=stack.environment())

`Kafka` and `Registry` can also be had alone. `python -m simulators.local_stack --help` is the same as a command.
Settings from the environment: KAFKA_JARS_DIR, M2_REPO, MAVEN_REPOSITORY_URL and XDG_CACHE_HOME say where downloads come
from and go to; COMMERCE_STREAMS_STACK_DIR, …_HEAP_MB, …_REGISTRY_HEAP_MB and …_JAVA_OPTS tune the servers.
"""

from simulators.local_stack.errors import StackError
from simulators.local_stack.kafka import Kafka
from simulators.local_stack.progress import Progress, ProgressSink
from simulators.local_stack.registry import Registry
from simulators.local_stack.stack import LocalStack

__all__ = ["Kafka", "LocalStack", "Progress", "ProgressSink", "Registry", "StackError"]
