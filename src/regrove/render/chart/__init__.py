"""Charts for pages: Plotly figures as plain values, so that building one needs no Plotly; the page brings its script.

Colours are names of the page's style sheet, resolved when the page is shown, so one chart serves light, dark and print.
"""
