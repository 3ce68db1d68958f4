"""Makes what the Pulumi program asks for in the embedded cloud, and gives the program real answers.

cloud      the engine's cloud: one resource after another, found, made, changed or left as it is
state      what was made at the last run, in a file
archives   code as zip files whose bytes depend on nothing but their content
resources  a maker for each type of resource
"""
