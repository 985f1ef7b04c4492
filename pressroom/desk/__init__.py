"""The operator's verbs, once: the command, the admin pages and the API all call these."""
