"""A small Open Images that lives on this machine, for the demo and the tests.

Everything in it is invented and drawn here: no photo, no photographer and no label is real.
"""
