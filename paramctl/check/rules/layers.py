"""Tensors that are unlike the same tensor of the other layers."""

from collections import Counter
from collections.abc import Iterator

from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.figures.layers import siblings

_FAR = 10.0  # robust standard deviations
_RATIO = 4.0  # and by this factor: trained layers differ by two or three
_MOST_ODD = 0.25  # a larger share of the layers is no oddness but a scheme
_FEWEST = 4


@rule("dtype-mixed", "layers", "warning", hint="run `paramctl cast` if that is not meant")
def dtype_mixed(subject: Subject) -> Iterator[tuple[str, str]]:
    """A few layers hold a tensor in another dtype than all the others."""
    for group in siblings(subject.source.manifest.stored).values():
        dtypes = Counter(entry.dtype for _, entry in group)
        usual, count = dtypes.most_common(1)[0]
        if len(group) < _FEWEST or len(group) - count > _MOST_ODD * len(group):
            continue
        for _, entry in group:
            if entry.dtype != usual:
                yield entry.name, f"{entry.dtype}, in {count} of {len(group)} layers {usual}"


@rule("layer-outlier", "layers", "info", needs="values")
def layer_outlier(subject: Subject) -> Iterator[tuple[str, str]]:
    """The size or spread of a tensor is far from what it is in the other layers."""
    from paramctl.figures.outliers import unlikeness

    for name, found in unlikeness(list(subject.statistics())).items():
        ratio = found.value / found.usual
        if abs(found.score) >= _FAR and not 1 / _RATIO < ratio < _RATIO:
            here, usual = f"{found.figure} {found.value:.4g}", f"{found.usual:.4g}"
            yield name, f"{here}, in the median of {found.layers} layers {usual}"
