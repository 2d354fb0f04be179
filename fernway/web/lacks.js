// Says what a browser lacks. A plain script, so that it runs where the others do not.
addEventListener("load", function () {
  var lacks = null;
  if (location.protocol === "file:") lacks = "Browsers run this page from a web server only: python -m http.server in its folder.";
  else if (typeof WebAssembly !== "object") lacks = "This browser lacks WebAssembly, or it is switched off: Fernway needs it.";
  else if (!("noModule" in document.createElement("script"))) lacks = "This browser lacks JavaScript modules: Fernway needs them.";
  if (!lacks) return;
  var notice = document.getElementById("notice");
  notice.textContent = lacks;
  notice.hidden = false;
  document.getElementById("text").textContent = "";
});
