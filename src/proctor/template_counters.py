"""Names of the filters that count, which no template can write: :mod:`proctor.template_tree` puts them into a tree."""

COUNTED, BOUNDED, PRINTED, SEARCHED = "<counted>", "<bounded>", "<printed>", "<searched>"
