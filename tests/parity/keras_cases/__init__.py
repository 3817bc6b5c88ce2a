"""Parity cases of the layer API: each `case(keras, np)` runs unchanged under real Keras 3 and under
`tegula.keras`.
"""
