"""HTTP as every API of this system speaks it: routes, typed inputs, exact JSON, problems."""
