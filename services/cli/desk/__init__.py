"""The operator's verbs as commands: options made from each verb's question, words from the room's own texts."""
