"""What `tegula` itself offers: TensorFlow 1's names for building graphs and running them."""

from ._array_ops import (
    boolean_mask,
    broadcast_to,
    concat,
    constant,
    expand_dims,
    eye,
    fill,
    gather,
    linspace,
    one_hot,
    ones,
    ones_like,
    pad,
    placeholder,
    placeholder_with_default,
    range,  # noqa: A004 - TensorFlow's name
    rank,
    reshape,
    reverse,
    shape,
    size,
    slice,  # noqa: A004 - TensorFlow's name
    split,
    squeeze,
    stack,
    tile,
    transpose,
    unstack,
    where,
    where_v2,
    zeros,
    zeros_like,
)
from ._control_flow import (
    case,
    cond,
    foldl,
    foldr,
    map_fn,
    scan,
    switch_case,
    vectorized_map,
    while_loop,
)
from ._core import Profiler
from ._dtypes import DTYPES, DType, TensorShape, as_dtype
from ._framework import (
    Graph,
    GraphKeys,
    Operation,
    Tensor,
    control_dependencies,
    convert_to_tensor,
    device,
    get_default_graph,
    group,
    name_scope,
    no_op,
    reset_default_graph,
)
from ._gradients import UnconnectedGradients, gradients, hessians
from ._math_ops import (
    abs,  # noqa: A004 - TensorFlow's name
    add,
    add_n,
    argmax,
    argmin,
    cast,
    ceil,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    cos,
    cosh,
    div,
    divide,
    equal,
    erf,
    exp,
    expm1,
    floor,
    floor_div,
    floordiv,
    floormod,
    global_norm,
    greater,
    greater_equal,
    identity,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    log,
    log1p,
    log_sigmoid,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    matmul,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    pow,  # noqa: A004 - TensorFlow's name
    realdiv,
    reciprocal,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,  # noqa: A004 - TensorFlow's name
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    squared_difference,
    stop_gradient,
    subtract,
    tan,
    tanh,
    tensordot,
    to_float,
    to_int32,
    truediv,
)
from ._random_ops import (
    random_normal,
    random_uniform,
    set_random_seed,
    truncated_normal,
)
from ._session import ConfigProto, InteractiveSession, Session, get_default_session
from ._special_ops import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    count_nonzero,
    cumprod,
    cumsum,
    erfc,
    rint,
    scalar_mul,
    unsorted_segment_max,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sum,
)
from ._variables import (
    AUTO_REUSE,
    Variable,
    add_to_collection,
    assign,
    assign_add,
    assign_sub,
    get_collection,
    get_variable,
    get_variable_scope,
    global_variables,
    global_variables_initializer,
    local_variables,
    local_variables_initializer,
    trainable_variables,
    variable_scope,
    variables_initializer,
)

float16 = DTYPES["float16"]
bfloat16 = DTYPES["bfloat16"]
float32 = DTYPES["float32"]
float64 = double = DTYPES["float64"]
int8 = DTYPES["int8"]
uint8 = DTYPES["uint8"]
int32 = DTYPES["int32"]
int64 = DTYPES["int64"]
bool = DTYPES["bool"]  # noqa: A001 - TensorFlow's name
newaxis = None
initialize_all_variables = global_variables_initializer


def disable_v2_behavior():
    """Does nothing: graphs are always define-then-run."""


disable_eager_execution = disable_v2_behavior
