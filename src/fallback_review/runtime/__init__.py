"""The process: its certificates, connections, encodings and memory, each for whoever needs it."""
