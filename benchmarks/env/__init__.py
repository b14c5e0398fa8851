"""What a bug report needs to know about a machine."""
