"""The image of the Action, built from the Dockerfile on a locally made base and run as GitHub's runner runs it."""
