"""The model of a workspace's own: set with its key (`keeping`), its calls counted (`counting`),
and asked (`asking`)."""
