"""Work that falls into tasks which need not talk to each other, on the machines of a Ray cluster."""
