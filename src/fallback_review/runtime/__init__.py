"""The process: its connections and its garbage collector, each for whoever needs it."""
