"""PartiQL as QLDB speaks it: grammar, syntax tree, plans and their evaluation."""
