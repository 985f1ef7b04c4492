"""The operator's desk in a browser, and its JSON calls: every verb of `pressroom.desk.rooms`, made from its models."""
