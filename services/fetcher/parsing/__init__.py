"""Bytes of a feed → its record: decoding, repair, reading, cleaning. Pure: no network, no files, no clock."""
