"""Threading: the examples of RFC 5256, its six steps one by one, a plain definition, hostile mailboxes."""

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    ResponseSyntaxError,
    ThreadData,
    ThreadMessage,
    ThreadNode,
    thread_by_references,
    thread_by_subject,
)
from moxkit.imap.lexer import Cursor
from moxkit.imap.readresponse import take_response


def read(octets: bytes) -> ThreadData:
    response = take_response(Cursor(octets, error=ResponseSyntaxError))
    assert isinstance(response, ThreadData)
    return response


def written(threads: Sequence[ThreadNode]) -> str:
    return ThreadData(tuple(threads)).encode().decode().removeprefix("* THREAD").strip()


@pytest.mark.parametrize(
    "threads",
    [
        # RFC 5256 §4
        "(2)(3 6 (4 23)(44 7 96))",
        "((3)(5))",
        "(166)(167)(174 (175)(176)(178)(181)(180))(194 195)(196 (197)(198))(200 202)",
        "((170)(179))(171)((177)(183)(182)(188 (184)(189))(185 186)(187))(204)(205 206 207)",
        "",
        "(1 2 3)",
    ],
)
def test_what_is_read_is_written_again(threads: str) -> None:
    line = f"* THREAD {threads}".strip().encode()
    assert read(line).encode() == line + b"\r\n"


def test_reads_parents_and_siblings() -> None:
    three = read(b"* THREAD (2)(3 6 (4 23)(44 7 96))").threads[1]
    assert three.number == 3
    assert [child.number for child in three.children[0].children] == [4, 44]


@pytest.mark.parametrize(
    "line", [b"* THREAD (1", b"* THREAD 1)", b"* THREAD (x)", b"* THREAD (0)", b"* THREAD )"]
)
def test_refuses(line: bytes) -> None:
    with pytest.raises(ResponseSyntaxError):
        read(line)


def message(number: int, subject: str = "", refs: str = "", **other: object) -> ThreadMessage:
    sent_at = other.get("sent_at", number)
    assert isinstance(sent_at, int)
    id_ = other.get("id", f"m{number}")
    assert isinstance(id_, str)
    return ThreadMessage(number, sent_at, subject, bool(other.get("reply")), id_, tuple(refs.split()))


def test_ordered_subject_puts_all_others_below_the_first() -> None:
    messages = [
        message(1, "b", sent_at=50),
        message(2, "a", sent_at=60),
        message(3, "b", sent_at=40),
        message(4, "b", sent_at=70),
        message(5, "b", sent_at=70),
    ]
    assert written(thread_by_subject(messages)) == "(3 (1)(4)(5))(2)"


CASES = {
    "a chain": ([message(1), message(2, refs="m1"), message(3, refs="m1 m2")], "(1 2 3)"),
    "a child that came before its parent": ([message(1, refs="m2"), message(2)], "(2 1)"),
    "a missing parent of one (step 3)": ([message(1, refs="gone"), message(2)], "(1)(2)"),
    "a missing parent of two (step 3)": ([message(1, refs="gone"), message(2, refs="gone")], "((1)(2))"),
    "a missing link in between": (
        [message(1), message(2, refs="m1 gone"), message(3, refs="m1 gone")],
        "(1 (2)(3))",
    ),
    "two of one id (step 1 A)": ([message(1, id="x"), message(2, id="x"), message(3, refs="x")], "(1 3)(2)"),
    "none has an id": ([message(1, id=""), message(2, id="")], "(1)(2)"),
    "case of an id counts": ([message(1, id="a@X"), message(2, refs="a@x")], "(1)(2)"),
    "a loop": ([message(1, refs="m2"), message(2, refs="m1")], "(2 1)"),
    "itself": ([message(1, refs="m1")], "(1)"),
    "a loop through three": (
        [message(1, refs="m3"), message(2, refs="m1"), message(3, refs="m2")],
        "(3 1 2)",
    ),
    "a truncated list gives way (step 1 B)": (
        [message(1, refs="a m3"), message(2, refs="b"), message(3, refs="b")],
        "((2)(3 1))",
    ),
    "sent date, not arrival (step 4)": ([message(1, sent_at=9), message(2, sent_at=3)], "(2)(1)"),
    "siblings by sent date (step 6)": (
        [message(1), message(2, refs="m1", sent_at=9), message(3, refs="m1", sent_at=8)],
        "(1 (3)(2))",
    ),
    "a reply by subject (step 5)": ([message(1, "s"), message(2, "s", reply=True)], "(1 2)"),
    "a reply that came first": ([message(1, "s", reply=True), message(2, "s")], "(2 1)"),
    "two of one subject, both new": ([message(1, "s"), message(2, "s")], "((1)(2))"),
    "two replies without the first": (
        [message(1, "s", reply=True), message(2, "s", reply=True), message(3, "s", reply=True)],
        "((1)(2)(3))",
    ),
    "no subject, no thread": ([message(1), message(2)], "(1)(2)"),
    "both are only referred to": (
        [
            message(1, "s", "x"),
            message(2, "s", "x"),
            message(3, "s", "y"),
            message(4, "s", "y"),
        ],
        "((1)(2)(3)(4))",
    ),
    "one is only referred to": ([message(1, "s"), message(2, "s", "x"), message(3, "s", "x")], "((1)(2)(3))"),
    "nothing": ([], ""),
}


@pytest.mark.parametrize("name", CASES)
def test_references(name: str) -> None:
    messages, threads = CASES[name]
    assert written(thread_by_references(messages)) == threads


def plain_parents(messages: Sequence[ThreadMessage]) -> dict[object, object]:
    """Step 1 in so many words; messages by number, those only referred to by id."""
    names: dict[str, object] = {}
    for each in messages:
        names.setdefault(each.message_id, each.number)
    parents: dict[object, object] = {}

    def link(parent: object, child: object) -> None:
        above: object | None = parent
        while above is not None:
            if above == child:
                return
            above = parents.get(above)
        parents[child] = parent

    for each in messages:
        chain = [names.get(id_, id_) for id_ in each.ancestors]
        for above, below in pairwise(chain):
            if below not in parents:
                link(above, below)
        parents.pop(each.number, None)
        if chain:
            link(chain[-1], each.number)
    # Those that are not there give way.
    numbers = {each.number for each in messages}
    shown: dict[object, object] = {}
    for number in numbers:
        above = parents.get(number)
        while above is not None and above not in numbers:
            above = parents.get(above)
        if above is not None:
            shown[number] = above
    return shown


def tree_parents(threads: Sequence[ThreadNode]) -> tuple[list[int], dict[object, object]]:
    seen: list[int] = []
    parents: dict[object, object] = {}
    waiting: list[tuple[ThreadNode, int | None]] = [(node, None) for node in threads]
    while waiting:
        node, above = waiting.pop()
        if node.number is not None:
            seen.append(node.number)
            if above is not None:
                parents[node.number] = above
        waiting += ((child, node.number) for child in node.children)
    return sorted(seen), parents


ids = st.sampled_from([f"m{n}" for n in range(1, 9)] + ["x", "y"])


@given(st.lists(st.lists(ids, max_size=4), min_size=1, max_size=8))
def test_parents_are_those_of_the_plain_definition(references: list[list[str]]) -> None:
    messages = [message(n, refs=" ".join(refs)) for n, refs in enumerate(references, 1)]
    seen, parents = tree_parents(thread_by_references(messages))
    assert seen == [each.number for each in messages]
    assert parents == plain_parents(messages)


@given(
    st.lists(st.tuples(st.sampled_from(["", "s", "t"]), st.booleans(), st.lists(ids, max_size=3)), max_size=8)
)
def test_every_message_is_somewhere_once(made: list[tuple[str, bool, list[str]]]) -> None:
    messages = [
        message(n, subject, " ".join(refs), reply=reply) for n, (subject, reply, refs) in enumerate(made, 1)
    ]
    threads = thread_by_references(messages)
    assert tree_parents(threads)[0] == [each.number for each in messages]
    assert read(ThreadData(threads).encode()[:-2]).encode() == ThreadData(threads).encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda n: message(n, refs=f"m{n - 1}" if n > 1 else ""),
        lambda n: message(n, refs=f"m{n + 1}"),
        lambda n: message(n, refs="m1"),
        lambda n: message(n, refs="gone"),
        lambda n: message(n, refs=" ".join(f"m{m}" for m in range(max(1, n - 20), n))),
        lambda n: message(n, refs=f"m{n - 1} m1" if n > 1 else ""),
        lambda n: message(n, "same"),
        lambda n: message(n, refs=f"a m{n + 1} m{n + 2}"),
    ],
)
def test_hostile_mailboxes_take_bounded_time(make: object) -> None:
    assert callable(make)
    messages = [make(n) for n in range(1, 20_001)]
    began = time.process_time()
    line = ThreadData(thread_by_references(messages)).encode()
    assert len(read(line[:-2]).threads) >= 1
    assert time.process_time() - began < 10
