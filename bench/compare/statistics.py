"""What a table says about a list of times."""

import math
import statistics

median = statistics.median


def spread(times):
    """Half the distance between the quartiles, relative to the median."""
    if len(times) < 2:
        return 0
    low, _, high = statistics.quantiles(times, method="inclusive")
    return (high - low) / 2 / median(times)


def geometric_mean(numbers):
    return math.exp(statistics.fmean(math.log(number) for number in numbers))


def ratio_to(times, reference):
    """How many times as long as the reference; by the rounds that both took part in, because what
    disturbs a round disturbs neighbours alike.
    """
    return median(a / b for a, b in zip(times, reference))


def difference_to(times, reference):
    """How much longer than the reference, by rounds too."""
    return median(a - b for a, b in zip(times, reference))


def seconds_text(seconds):
    """Three digits and a unit."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if seconds >= size or unit == "ns":
            value = seconds / size
            digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f} {unit}"


def ratio_text(ratio):
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"
