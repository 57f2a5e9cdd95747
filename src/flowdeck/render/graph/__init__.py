"""The faces of a graph: Mermaid for GitHub and GitLab, dot for Graphviz, SVG for everything else."""
