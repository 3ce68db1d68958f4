class IonException(Exception): ...  # noqa: N818  That is its name.
