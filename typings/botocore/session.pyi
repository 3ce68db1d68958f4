from botocore.credentials import Credentials

class Session:
    _credentials: Credentials

def get_session() -> Session: ...
