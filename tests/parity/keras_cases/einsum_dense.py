"""EinsumDense: every form of its equation."""

from parity_harness import CaseTable

from .vision import layer_case

CASES = CaseTable()

for name, equation, output_shape, bias_axes, shape in [
    ("matrix", "ab,bc->ac", 6, "c", (4,)),
    ("last_axis", "abc,cd->abd", (None, 6), "d", (5, 4)),
    ("all_axes", "abc,bcd->ad", 3, None, (5, 4)),
    ("two_new_axes", "abc,cde->abde", (5, 2, 3), "de", (5, 4)),
    ("two_summed_axes", "abcd,cde->abe", (None, 5), "e", (3, 2, 4)),
    ("shared_axis", "abc,bcd->abd", (3, 6), "bd", (3, 4)),
    ("shared_axis_transposed", "abc,cbd->adb", (6, 3), "d", (3, 4)),
    ("other_order", "abc,dc->adb", (6, 5), "db", (5, 4)),
    ("axis_of_the_input_alone", "abc,bd->ad", 6, "d", (5, 4)),
    ("ellipsis_before", "...x,xy->...y", 6, "y", (2, 3, 4)),
    ("ellipsis_after", "ab...,bc->ac...", 6, "c", (5, 4)),
    ("attention_output", "abcd,cde->abe", (5, 6), "e", (5, 2, 4)),
]:
    CASES.add(
        name,
        layer_case(
            lambda L, e=equation, o=output_shape, b=bias_axes: L.EinsumDense(
                e, o, bias_axes=b, activation="tanh", kernel_regularizer="l2"
            ),
            shape,
        ),
    )
