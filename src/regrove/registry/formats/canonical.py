"""One form for one object: the members of a skops archive, renamed and renumbered by content.

skops writes the memory address of every object into ``schema.json`` and names arrays by it, and writes sets in hash
order; two processes that save the same estimator so give different bytes. Here

- a member is named by the digest of its content, and arrays are rewritten with their padding bytes zero;
- an address is kept only where it says something, that a changeable object is shared, and becomes a number in order of
  appearance; what cannot change (texts, numbers, tuples, types) needs none;
- the elements of sets are sorted;
- what a machine left in an estimator goes: the number of its cores, which HistGradientBoosting keeps for binning.

The result is a skops file like any other. Writing it again changes nothing, which is how a reader knows the form.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from tokenize import TokenError
from typing import Any, Final

from regrove.digest import of_bytes
from regrove.registry.formats.archive import SCHEMA
from regrove.registry.formats.seam import BrokenModelFile

__all__ = ["canonical", "nodes", "npy_header", "parse"]

_UNCHANGING: Final = frozenset(
    ("JsonNode", "TypeNode", "FunctionNode", "BytesNode", "TupleNode", "DTypeNode", "SliceNode", "OperatorFuncNode")
)

Node = dict[str, Any]


def canonical(members: Mapping[str, bytes], *, source: str) -> dict[str, bytes]:
    """The canonical form of the members of a skops archive.

    Raises BrokenModelFile when the schema does not hold together: a member missing, one number for two objects, an
    array whose header disagrees with its size.
    """
    schema = parse(members, source=source)
    files = _Files(members, source)
    for node in nodes(schema):
        if "file" in node:
            node["file"] = files.rename(node["file"], unchanging=node["__loader__"] in ("BytesNode", "BytearrayNode"))
        if node["__loader__"] == "DictNode" and len(node["content"]) != len(node["key_types"]["content"]):
            raise BrokenModelFile(f"{source}: two keys of one dictionary have the same text, so one would be lost")
        _forget_circumstances(node)
    _sort_sets(schema)
    _renumber(schema, source)
    schema.pop("_skops_version", None)  # it says who wrote, not what
    return {SCHEMA: json.dumps(schema, separators=(",", ":")).encode(), **files.written}


def _forget_circumstances(node: Node) -> None:
    if node["__loader__"] == "PartialNode" and node["content"]["namespace"]["content"] in ({}, "null"):
        node["content"]["namespace"] = _atom("null")  # Python makes an empty dictionary there when someone looks
    if node["__class__"] == "_BinMapper" and "n_threads" in node["content"]["content"]:
        node["content"]["content"]["n_threads"] = _atom("1")  # how many cores the machine had


def _atom(text: str) -> Node:
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": text}


def parse(members: Mapping[str, bytes], *, source: str) -> Node:
    """The schema as plain JSON values."""
    try:
        schema = json.loads(members[SCHEMA])
    except (ValueError, RecursionError) as error:
        raise BrokenModelFile(f"{source}: {SCHEMA} is not JSON: {error}") from error
    if not isinstance(schema, dict) or "__loader__" not in schema:
        raise BrokenModelFile(f"{source}: {SCHEMA} describes no object")
    return schema


def nodes(schema: Node) -> Iterator[Node]:
    """Every node of the schema in the order in which it stands, parents first."""
    stack: list[Any] = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if isinstance(value.get("__loader__"), str):
                yield value
            stack.extend(reversed(_children(value)))
        elif isinstance(value, list):
            stack.extend(reversed(value))


def npy_header(data: bytes, *, source: str) -> tuple[Any, tuple[int, ...], bool, int]:
    """Type, shape, Fortran order and offset of a NumPy file whose size agrees with them; no array is made."""
    from numpy.lib import format as npy

    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (ValueError, TypeError, SyntaxError, RecursionError, TokenError) as error:
        raise BrokenModelFile(f"{source} holds an array that cannot be read: {error}") from error
    count = 1
    for length in shape:
        count *= length
    if dtype.hasobject or count * dtype.itemsize != len(data) - stream.tell():
        raise BrokenModelFile(
            f"{source} holds an array whose header and size disagree, or one of Python objects",
            expected=f"{shape} values of {dtype}",
            received=f"{len(data) - stream.tell()} bytes",
        )
    return dtype, shape, fortran, stream.tell()


def _children(value: Node) -> list[Any]:
    # Keys of a DictNode's content are the user's, so its values are taken one by one and its keys say nothing.
    if value.get("__loader__") == "DictNode" and isinstance(value.get("content"), dict):
        return [*value["content"].values(), value.get("key_types")]
    return list(value.values())


class _Files:
    """Renames members by content; each is rewritten once."""

    def __init__(self, members: Mapping[str, bytes], source: str) -> None:
        self._members = members
        self._source = source
        self._names: dict[str, str] = {}
        self.written: dict[str, bytes] = {}

    def rename(self, name: Any, *, unchanging: bool) -> str:
        if name in self._names:
            return self._names[name]
        if not isinstance(name, str) or name == SCHEMA or name not in self._members:
            raise BrokenModelFile(f"{self._source} names a member that it does not hold", received=repr(name))
        data, ending = self._members[name], name.rpartition(".")[2]
        if not unchanging:
            data = _npz(data, self._source) if ending == "npz" else _npy(data, self._source)
        renamed = f"{of_bytes(data)[5:37]}.{ending}"
        self._names[name] = renamed
        self.written[renamed] = data
        return renamed


def _npy(data: bytes, source: str) -> bytes:
    import numpy as np

    dtype, shape, fortran, offset = npy_header(data, source=source)
    array = np.frombuffer(data, dtype=dtype, offset=offset).reshape(shape, order="F" if fortran else "C")
    if dtype.names is not None:  # what lies between the fields is whatever memory held
        clean = np.zeros(shape, dtype)
        for field in dtype.names:
            clean[field] = array[field]
        array = clean
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _npz(data: bytes, source: str) -> bytes:
    """A sparse matrix: an archive in the archive, which may be compressed as SciPy writes it; stored afterwards."""
    from regrove.registry.formats.archive import pack

    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.file_size > 1_000 * max(entry.compress_size, 1):  # deflate's own bound is about 1,032
                    raise BrokenModelFile(f"{source} holds a sparse matrix that grows without bound when it is read")
                parts[entry.filename] = _npy(archive.read(entry), source)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise BrokenModelFile(f"{source} holds a sparse matrix that is damaged: {error}") from error
    return pack(parts)


def _sort_sets(schema: Node) -> None:
    for node in reversed(list(nodes(schema))):  # inner sets first
        content = node.get("content")
        if node["__loader__"] == "SetNode":
            node["content"] = sorted(node["content"], key=_without_ids)
        elif node["__class__"] == "frozenset" and isinstance(content, dict) and content.get("content"):
            elements = content["content"][0]
            elements["content"] = sorted(elements["content"], key=_without_ids)


def _without_ids(value: Any) -> str:
    if isinstance(value, dict):
        bare = {key: each for key, each in value.items() if key != "__id__"}
        return "{" + ",".join(f"{key}:{_without_ids(each)}" for key, each in bare.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_without_ids, value)) + "]"
    return json.dumps(value)


def _renumber(schema: Node, source: str) -> None:
    counts = Counter(node.get("__id__") for node in nodes(schema) if not _unchanging(node))
    numbers: dict[Any, int] = {}
    for node in nodes(schema):
        identity = node.pop("__id__", None)
        if identity is not None and not _unchanging(node) and counts[identity] > 1:
            node["__id__"] = numbers.setdefault(identity, len(numbers) + 1)
    _check_shared(schema, source)


def _check_shared(schema: Node, source: str) -> None:
    # A reader takes the first of the objects with one number for all of them. Were they different, what is checked
    # and what is built could be two things.
    texts: dict[int, str] = {}
    for node in nodes(schema):
        number = node.get("__id__")
        if number is not None and texts.setdefault(number, json.dumps(node)) != json.dumps(node):
            raise BrokenModelFile(f"{source} gives one number to two different objects")


def _unchanging(node: Node) -> bool:
    if node["__loader__"] != "NdArrayNode":
        return node["__loader__"] in _UNCHANGING
    return node["__module__"] == "numpy" and node["__class__"] not in ("ndarray", "memmap", "matrix", "recarray")
