"""Sphinx directives that list the options of ctapipe tools and the traits of components."""

import inspect
import re
from importlib import import_module

from sphinx.util.docutils import SphinxDirective


class TraitsDirective(SphinxDirective):
    """``{traits} module:Class``: every configurable trait of the class's own."""

    required_arguments = 1

    def run(self):
        """Definition list of the traits."""
        component = loaded(self.arguments[0])
        names = sorted(component.class_own_traits(config=True))
        return self.parse_text_to_nodes("\n\n".join(trait_entry(component, n) for n in names))


class ToolDirective(SphinxDirective):
    """``{tool} module:Class``: what a tool does, its options, flags, and other traits."""

    required_arguments = 1

    def run(self):
        """Description, examples, options, flags."""
        tool = loaded(self.arguments[0])
        return self.parse_text_to_nodes("\n\n".join(tool_page(tool)))


def loaded(name):
    """The object at ``module:Class``."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def tool_page(tool):
    """Markdown blocks."""
    classes = {c.__name__: c for c in (tool, *tool.classes)}
    yield inspect.cleandoc(tool.__doc__).replace('"', "`")
    yield "```sh\n" + inspect.cleandoc(tool.examples).replace("> ", "") + "\n```"
    yield "Options:"
    listed = set()
    for names, target in tool.aliases.items():
        class_name, trait_name = target.split(".")
        listed.add(target)
        yield trait_entry(classes[class_name], trait_name, names)
    yield "Flags, without a value:"
    for names, (_, help_text) in tool.flags.items():
        yield f"{dashed(names)}\n:   {sentence(help_text)}"
    yield "`--overwrite`\n:   Replace the output if it exists."
    set_by_flags = {
        n for settings, _ in tool.flags.values() for n in settings.get(tool.__name__, ())
    }
    names = {n for n in tool.class_own_traits(config=True) if f"{tool.__name__}.{n}" not in listed}
    if rest := sorted(names - set_by_flags):
        yield f"By their full names only (`--{tool.__name__}.NAME=VALUE`):"
        yield from (trait_entry(tool, name) for name in rest)


def trait_entry(component, name, option=None):
    """One entry of a definition list: option or trait, kind, default, help."""
    trait = component.class_traits()[name]
    term = dashed(option) if option else f"`{name}`"
    where = f" (`{component.__name__}.{name}`)" if option else ""
    kind = re.sub(r" ?or None$", "", trait.info()).replace("`", "")
    return f"{term}{where}\n:   {escaped(trait.help)}\n    *{escaped(kind)}*{default(trait)}"


def default(trait):
    """The default as text; none where nothing is the default."""
    value = trait.default()
    if value is None or str(value) in ("", "[]", "traitlets.Undefined"):
        return ""
    return f", default `{value}`"


def dashed(names):
    """Names of an option as they are typed."""
    names = (names,) if isinstance(names, str) else names
    return ", ".join(f"`{'-' if len(n) == 1 else '--'}{n}`" for n in names)


def sentence(text):
    """With a capital and a full stop."""
    return escaped(text[0].upper() + text[1:].rstrip(".") + ".")


def escaped(text):
    """Without marks that Markdown would take for its own."""
    return re.sub(r"([*_<>\[\]`])", r"\\\1", " ".join(text.split()))


def setup(app):
    """Register the directives."""
    app.add_directive("traits", TraitsDirective)
    app.add_directive("tool", ToolDirective)
    return {"parallel_read_safe": True}
