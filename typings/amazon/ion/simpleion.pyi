from enum import IntFlag
from typing import Any, Literal, overload

class IonPyValueModel(IntFlag):
    ION_PY = 0
    MAY_BE_BARE = 1
    SYMBOL_AS_TEXT = 2
    STRUCT_AS_STD_DICT = 4

c_ext: bool

@overload
def dumps(
    obj: Any,
    imports: Any = None,
    binary: Literal[True] = True,
    sequence_as_stream: bool = False,
    indent: str | None = None,
    tuple_as_sexp: bool = False,
    omit_version_marker: bool = False,
    trailing_commas: bool = False,
) -> bytes: ...
@overload
def dumps(
    obj: Any,
    imports: Any = None,
    *,
    binary: Literal[False],
    sequence_as_stream: bool = False,
    indent: str | None = None,
    tuple_as_sexp: bool = False,
    omit_version_marker: bool = False,
    trailing_commas: bool = False,
) -> str: ...
def loads(
    ion_str: bytes | str,
    catalog: Any = None,
    single_value: bool = True,
    parse_eagerly: bool = True,
    text_buffer_size_limit: int | None = None,
    value_model: IonPyValueModel = IonPyValueModel.ION_PY,
) -> Any: ...
def load(
    fp: Any,
    catalog: Any = None,
    single_value: bool = True,
    parse_eagerly: bool = True,
    text_buffer_size_limit: int | None = None,
    value_model: IonPyValueModel = IonPyValueModel.ION_PY,
) -> Any: ...
