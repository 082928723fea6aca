"""The GitHub Action: its environment, inputs and outputs."""
