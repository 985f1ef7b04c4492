"""Names of elements without regard to prefixes, old namespaces and case: "{http://purl.org/dc/…}Date" is "dc:date".

RSS and Atom elements are bare names, whichever of the formats' namespaces they come in. The known namespaces and
prefixes are the ones that feedparser knows, so that both readers call the same thing by the same name.
"""

from __future__ import annotations

from typing import Final

PREFIX_OF: Final = {
    "": "",
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.georss.org/georss": "georss",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/rss/1.0/modules/image/": "image",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.opengis.net/gml": "gml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://web.resource.org/cc/": "cc",
    "http://creativecommons.org/ns#license": "cc",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
    "http://podlove.org/simple-chapters": "psc",
    "http://webns.net/mvcb/": "admin",
}
"""Namespace in lower case → prefix; "" for the formats' own."""

URI_OF: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/rss/1.0/modules/threading/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
"""The conventional prefixes: what a document means that uses one without declaring it."""

_KNOWN: Final = frozenset(PREFIX_OF.values())


def is_foreign(key: str) -> bool:
    """Whether an element (by `key_of`'s name, or with its prefix) is of a vocabulary that no feed reader knows: what
    is inside belongs to it, and not to the entry (kurtmckee/feedparser#134: links to related articles).
    """
    prefix, colon, _ = key.partition(":")
    return bool(colon) and prefix != "?" and prefix.lower() not in _KNOWN


XML: Final = "{http://www.w3.org/XML/1998/namespace}"


def key_of(tag: str, prefix: str | None) -> str:
    """The name to go by. An unknown namespace counts as its prefix says; without a prefix it is left unnamed ("?")."""
    if tag[0] != "{":
        return tag.lower()
    uri, _, local = tag[1:].partition("}")
    uri, local = uri.lower(), local.lower()
    known = PREFIX_OF.get(uri)
    if known is None:
        known = (prefix or "?").lower()
    return f"{known}:{local}" if known else local
