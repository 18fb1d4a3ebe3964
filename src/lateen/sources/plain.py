"""The fast way through YAML, by libyaml: documents without tags, anchors, merge keys and deep nesting, which nearly all are.

Everything unusual, and everything wrong, is left to the thorough way (`nodes`), which says what it is. Both make the same
value of a document that this module takes.
"""

from operator import is_
from typing import Any

from yaml import Node, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from lateen.sources import nodes
from lateen.sources.scalars import UnusualError, plain, plain_key

UNUSUAL = ("&", "!", "<<")
"""Anchors, tags and merge keys; a text that has these for another reason goes the thorough way for nothing."""
OPENING = "[{-:?"
"""Every collection begins with one of these, so that there are at least as many as a document is deep."""


class Composer(CParser):
    """libyaml's parser that calls nothing written in Python for a node: no resolver, no limit on nesting.

    It calls these three with two, no and three arguments, and needs a text from the last: the tag, always empty here.
    """

    descend_resolver = is_
    ascend_resolver = tuple
    resolve = "".format


def value_of(text: str) -> Any:
    """Return the value of a document.

    Raises:
        UnusualError: the document has something that is not for the fast way, or is wrong.
    """
    if any(map(text.__contains__, UNUSUAL)) or sum(map(text.count, OPENING)) >= nodes.DEPTH:
        raise UnusualError
    composer = Composer(text)
    try:
        node = composer.get_single_node()
    except (YAMLError, ValueError) as error:
        raise UnusualError from error
    finally:
        composer.dispose()
    return None if node is None else _value(node)


def _value(node: Node) -> Any:
    if node.__class__ is ScalarNode:
        return _scalar(node)
    if node.__class__ is SequenceNode:
        return [_scalar(one) if one.__class__ is ScalarNode else _value(one) for one in node.value]
    found = {
        _key(key): _scalar(one) if one.__class__ is ScalarNode else _value(one) for key, one in node.value
    }
    if len(found) != len(node.value):
        raise UnusualError
    return found


def _scalar(node: ScalarNode) -> Any:
    text: str = node.value
    return text if node.style or (text and text[0] not in nodes.FIRST) else plain(text)


def _key(node: Node) -> str:
    if node.__class__ is not ScalarNode:
        raise UnusualError
    text: str = node.value
    return text if node.style or (text and text[0] not in nodes.FIRST) else plain_key(text)
