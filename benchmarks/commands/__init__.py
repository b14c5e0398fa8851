"""The sub-commands of fartrack-bench."""
