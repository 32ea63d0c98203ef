"""A team's first files, written from what a look at its service found."""
