"""The search index: trigrams, folded texts and sort keys of an account's messages, in a database of its own.

It only makes searching faster: `store.search` asks which messages can match, and looks into those, and into
all that the index does not cover. So an index that is late, lost or damaged changes no answer; a damaged one
is made anew. Filled in the background, a batch at a time, never in a delivery's transaction.

It does not decide what matches (`store.searchtests`), and knows neither mailboxes nor flags.

    index = SearchIndex(path=path, mail=mail, files=files, pool=pool, call=wake)
    while await index.fill():
        pass
    lookup = await index.look_up([FieldText(FIELD_KINDS["subject"], fold("Hello"))], [fold("world")])

Raises `DamagedTextError` for a text that is damaged; all other trouble is logged.
"""

from mox.store.searchindex.facts import SortFacts, read_facts
from mox.store.searchindex.index import SearchIndex
from mox.store.searchindex.indexing import read_file_header, read_file_text
from mox.store.searchindex.lookup import NOTHING_KNOWN, DayRange, FieldText, Lookup
from mox.store.searchindex.matching import Matches
from mox.store.searchindex.packing import DamagedTextError, PackedText
from mox.store.searchindex.texts import FIELD_KINDS, SearchText, field_text, fold, read_text

__all__ = [
    "FIELD_KINDS",
    "NOTHING_KNOWN",
    "DamagedTextError",
    "DayRange",
    "FieldText",
    "Lookup",
    "Matches",
    "PackedText",
    "SearchIndex",
    "SearchText",
    "SortFacts",
    "field_text",
    "fold",
    "read_facts",
    "read_file_header",
    "read_file_text",
    "read_text",
]
