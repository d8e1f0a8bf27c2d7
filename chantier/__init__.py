"""One site file in, a running connected construction site on AWS out."""
