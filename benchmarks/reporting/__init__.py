"""Tables, plots and files of every report."""
