"""What Lambda gives a handler besides the event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryContext:
    """A context as powertools reads it."""

    function_name: str = "worker"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
    aws_request_id: str = "8f1a1b1e-0000-4000-8000-000000000000"
    tenant_id: str | None = None
