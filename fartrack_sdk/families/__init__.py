"""Model families: what a tracker has to know of a network beyond running its graphs."""
