"""Internet messages and MIME, over byte offsets.

RFC 5322, 2045-2047, 2183, 2231, 5256, 6532, 8601 (Authentication-Results), 8970, 9051.

Parses a message into a tree of parts that hold offsets only, reads headers, decodes text, renders what IMAP
shows, and composes messages. It does not verify signatures, judge, store or send, and it never changes octets
it was given.

    part = parse(content)                       # bytes, mmap or memoryview
    author = from_address(header_of(part, content))
    envelope = render_envelope(part, content).octets
    span = section(part, (1, 2), Section.MIME)

Parsing refuses nothing: what is malformed is noted in `Part.problems`. `parse_authentication_results` raises
`AuthenticationResultsError`, writing `ComposeError`, decoding `UnknownTransferEncodingError`, `gunzip`
`GunzipError`, and `without_binary` `UnconvertibleError`.
"""

from moxkit.message.addresses import (
    Address,
    AddressList,
    Group,
    addresses_in,
    from_address,
    parse_addresses,
    quote_localpart,
)
from moxkit.message.authresults import AuthenticationResults, Method, Property
from moxkit.message.authresultsparse import AuthenticationResultsError, parse_authentication_results
from moxkit.message.binarymime import UnconvertibleError, without_binary
from moxkit.message.bodystructure import render_bodystructure
from moxkit.message.charsets import decode_charset, is_known_charset
from moxkit.message.compose import ComposeError, Composer, format_address
from moxkit.message.dates import format_date, parse_date
from moxkit.message.demands import count_received, has_8bit, needs_smtputf8
from moxkit.message.encodedwords import decode_words, encode_word
from moxkit.message.entity import (
    Entity,
    attachment,
    embedded_message,
    entity,
    multipart,
    text_entity,
)
from moxkit.message.envelope import render_envelope
from moxkit.message.folding import encode_parameter, encode_text, fold
from moxkit.message.gunzip import GunzipError, gunzip
from moxkit.message.headers import Field, Headers, content_fields, header_fields, header_of
from moxkit.message.htmltext import html_to_text
from moxkit.message.identifiers import message_id, normalise_message_id, references
from moxkit.message.imapvalue import Rendered
from moxkit.message.octets import Source
from moxkit.message.parameters import decode_parameters, parse_parameters
from moxkit.message.parse import find_header_end, parse
from moxkit.message.part import Content, Disposition, Limits, Part
from moxkit.message.preview import preview
from moxkit.message.sections import Section, Span, find_part, section
from moxkit.message.strict import check_strict
from moxkit.message.subject import BaseSubject, base_subject, is_reply_or_forward
from moxkit.message.texts import bounded_text, text_of
from moxkit.message.transfer import UnknownTransferEncodingError, decoded, is_known_transfer_encoding
from moxkit.message.unfolding import display_text, unfold

__all__ = [
    "Address",
    "AddressList",
    "AuthenticationResults",
    "AuthenticationResultsError",
    "BaseSubject",
    "ComposeError",
    "Composer",
    "Content",
    "Disposition",
    "Entity",
    "Field",
    "Group",
    "GunzipError",
    "Headers",
    "Limits",
    "Method",
    "Part",
    "Property",
    "Rendered",
    "Section",
    "Source",
    "Span",
    "UnconvertibleError",
    "UnknownTransferEncodingError",
    "addresses_in",
    "attachment",
    "base_subject",
    "bounded_text",
    "check_strict",
    "content_fields",
    "count_received",
    "decode_charset",
    "decode_parameters",
    "decode_words",
    "decoded",
    "display_text",
    "embedded_message",
    "encode_parameter",
    "encode_text",
    "encode_word",
    "entity",
    "find_header_end",
    "find_part",
    "fold",
    "format_address",
    "format_date",
    "from_address",
    "gunzip",
    "has_8bit",
    "header_fields",
    "header_of",
    "html_to_text",
    "is_known_charset",
    "is_known_transfer_encoding",
    "is_reply_or_forward",
    "message_id",
    "multipart",
    "needs_smtputf8",
    "normalise_message_id",
    "parse",
    "parse_addresses",
    "parse_authentication_results",
    "parse_date",
    "parse_parameters",
    "preview",
    "quote_localpart",
    "references",
    "render_bodystructure",
    "render_envelope",
    "section",
    "text_entity",
    "text_of",
    "unfold",
    "without_binary",
]
