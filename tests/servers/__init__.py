"""Real servers for tests: each starts on a free loopback port and is stopped by the process that started it."""
