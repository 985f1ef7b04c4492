"""Guarded HTTP: fetches from strangers, politely bounded and never from where it should not.

`client.Client` is what services use; `answer` holds what it returns and raises, and imports nothing heavy, so that
pure policies may speak of answers. Nothing here retries, schedules or remembers: that is the caller's.
"""
