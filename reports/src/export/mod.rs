//! Runs for other tools: Jepsen, ShiViz, Perfetto, Mermaid, Graphviz.
