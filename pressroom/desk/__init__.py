"""The operator's desk, once: the command, the pages under /admin/ and the JSON calls are made of the verbs here.

A verb is a function from an `Office` (store, queue, clock) and a model of what is asked to a model of the answer; each
room (`failures`, `feeds`, …) is one module that ends with its `VERBS`, and `rooms` names them all.
"""
