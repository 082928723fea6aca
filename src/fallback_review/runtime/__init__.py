"""The process: its certificates, connections, encodings and garbage collector, each for whoever needs it."""
