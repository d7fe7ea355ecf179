// Style and script of the review page. Both are part of the page's content security policy; neither
// may hold `<` or `&`.

#ifndef PLUMBLINE_SERVER_REVIEW_RENDER_STYLE_H_
#define PLUMBLINE_SERVER_REVIEW_RENDER_STYLE_H_

namespace plumbline::review {

// Meaning is never in colour alone: levels carry a meter of bars, gates a disc that fills, marks
// their own sign, so that the page reads in grey too.
inline constexpr char kReviewStyle[] = R"css(
:root{--ink:#1b2430;--soft:#566270;--line:#d5dbe1;--tint:#f4f6f8;--link:#0b4f8a}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);background:#fff;font:15px/1.5 system-ui,"Segoe UI",Roboto,
"Liberation Sans",Arial,sans-serif;overflow-wrap:break-word}
main{max-width:70rem;padding:1.5rem 1.5rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:.5rem 0 0;letter-spacing:-.01em}
.subtitle{font-size:1.15rem;color:var(--soft);margin:.3rem 0 1.5rem}
h2{font-size:1.45rem;line-height:1.25;margin:3rem 0 .8rem;padding-bottom:.3rem;
border-bottom:2px solid var(--ink)}
h3{font-size:1.1rem;line-height:1.3;margin:2rem 0 .6rem}
h3:first-letter,.card h3:first-letter{text-transform:uppercase}
p{margin:0 0 .5rem}
ul,ol{margin:.2rem 0 .6rem;padding-left:1.3rem}
li{margin:.15rem 0}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
a.term,a.field{color:inherit;text-decoration-style:dotted;text-decoration-color:#7d8894}
a.source,a.test,a.id{text-decoration:none;font-size:.86em}
a.source:hover,a.test:hover,a.id:hover{text-decoration:underline}
a:focus-visible,summary:focus-visible,input:focus-visible{outline:3px solid #f0a500;
outline-offset:2px}
small{color:var(--soft);font-size:.86em}
code{font:.84em/1.4 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;
overflow-wrap:anywhere}
h3 code{font-weight:400;color:var(--soft)}
:target{background:#fff6d6}
table{width:100%;border-collapse:collapse;margin:.4rem 0 1.4rem;table-layout:fixed;
font-size:.92rem;line-height:1.42}
th,td{text-align:left;vertical-align:top;padding:.5rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--tint);border-bottom:1.5px solid #9aa5b1;font-size:.8rem;
letter-spacing:.02em;color:#3b4652}
td p{margin:0 0 .35rem}
td p:last-child{margin-bottom:0}
p.id code{color:var(--soft)}
table.triage th:nth-child(1){width:23%}
table.triage th:nth-child(2){width:30%}
table.triage th:nth-child(3){width:29%}
table.triage th:nth-child(4){width:18%}
table.terms th:nth-child(1){width:30%}
table.terms th:nth-child(3){width:24%}
table.findings th:nth-child(1){width:4.6rem}
table.findings th:nth-child(4){width:22%}
table.levels th:nth-child(1){width:22%}
table.levels th:nth-child(2){width:20%}
table.ladder th:nth-child(1){width:5.5rem}
table.ladder th:nth-child(4){width:24%}
table.passages th:nth-child(1){width:21%}
table.passages th:nth-child(3){width:32%}
table.tests th:nth-child(1){width:22%}
table.tests th:nth-child(2){width:32%}
table.tests th:nth-child(4){width:15%}
table.items th:nth-child(1){width:26%}
table.advice th:nth-child(3),table.notices th:nth-child(3){width:36%}
table.advice th:nth-child(4),table.notices th:nth-child(4){width:19%}
.points strong{font-size:1.15em;white-space:nowrap}
.sources{line-height:1.75}
dl{margin:.4rem 0 1rem}
dl>div{display:grid;grid-template-columns:9.5rem minmax(0,1fr);gap:0 1rem;padding:.28rem 0;
border-bottom:1px solid #e8ecef}
dt{color:var(--soft)}
dt:first-letter{text-transform:uppercase}
dd{margin:0}
dd ul{margin:0}
dd p:last-child{margin-bottom:0}
dl.short{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 2rem}
dl.short>div{grid-template-columns:6rem minmax(0,1fr)}
.card{border:1px solid var(--line);border-top:3px solid #7d8894;border-radius:4px;
padding:.9rem 1.2rem;margin:1.2rem 0}
.card h3{margin:0 0 .5rem}
.card table{margin-bottom:.9rem}
.purpose{font-size:1.06rem}
.note.warning{border:2px solid #8a3b00;border-left-width:8px;background:#fff8f0;
padding:.8rem 1rem .4rem;margin:1rem 0 1.4rem}
.note.guide{background:var(--tint);border:1px solid var(--line);padding:.3rem 1.2rem .7rem;
margin:1.5rem 0}
.note.guide h3{margin-top:.8rem}
.note.part{margin:.7rem 0}
.note.part p{margin-bottom:.15rem}
.criterion ul{list-style:none;padding-left:.75rem;margin:.1rem 0 .2rem;
border-left:2px solid #aab4be}
.criterion li{margin:.12rem 0}
.criterion p{margin:0}
.criterion strong{font-size:.8em;letter-spacing:.04em}
.criterion .lead{text-transform:uppercase;font-size:.72rem;font-weight:700;letter-spacing:.06em;
color:#3b4652}
.exact{margin:.3rem 0 0!important;line-height:1.3}
.exact code{font-size:.72rem;color:var(--soft)}
.unknown{margin-top:.45rem!important;color:#3b4652;font-size:.95em}
.badge{display:inline-block;border:1px solid #566270;border-radius:3px;padding:0 .4em;
font-size:.82em;line-height:1.5;background:#fff;margin:.06rem 0}
.badge[class*=level-],.badge[class*=gate-]{font-weight:600}
.badge[class*=level-]:before,.badge[class*=gate-]:before{margin-right:.4em;font-weight:400;
letter-spacing:-.06em;white-space:nowrap}
.level-1:before{content:"▮▯▯▯▯▯"}
.level-2:before{content:"▮▮▯▯▯▯"}
.level-3:before{content:"▮▮▮▯▯▯"}
.level-4:before{content:"▮▮▮▮▯▯"}
.level-5:before{content:"▮▮▮▮▮▯"}
.level-6:before{content:"▮▮▮▮▮▮"}
.level-1{background:#eef7f0;border-color:#3d7a50}
.level-2{background:#eef4fb;border-color:#39689c}
.level-3{background:#f1effa;border-color:#5b4f9c}
.level-4{background:#fdf6df;border-color:#8a6a00}
.level-5{background:#fdeedd;border-color:#a34d00;border-width:2px}
.level-6{background:#fde7e7;border-color:#a01313;border-width:3px}
.gate-1:before{content:"○"}
.gate-2:before{content:"◔"}
.gate-3:before{content:"◕"}
.gate-4:before{content:"●"}
.gate-3{border-style:dashed}
.gate-4{border-width:2px}
.badge.choice{border-style:dashed;font-weight:600}
.badge.unverified{background:#fff3cd;border:2px solid #7a5b00;font-weight:700}
.badge.verified,.badge.partly,.badge.known{border-color:#9aa5b1;color:#3b4652;padding:0 .3em}
.badge.start{border-width:2px;font-weight:600}
details summary{cursor:pointer;color:var(--link);font-size:.86em}
.tests{font-size:.95em}
nav.contents{padding:1.2rem 1.5rem;border-bottom:1px solid var(--line);background:var(--tint)}
nav.contents h2{font-size:1.05rem;margin:0 0 .5rem;border:0;padding:0}
nav.contents ol{columns:18rem;margin:0}
nav.contents li{break-inside:avoid}
nav.contents a{text-decoration:none}
nav.contents ul{list-style:none;padding-left:.6rem;font-size:.92em}
.filter input{width:100%;font:inherit;padding:.3rem .5rem;border:1px solid #7d8894;
border-radius:3px;margin-top:.2rem}
#filter-count{font-size:.86em;color:var(--soft)}
[hidden]{display:none!important}
@media (min-width:1200px){
body{display:grid;grid-template-columns:17.5rem minmax(0,1fr)}
nav.contents{position:sticky;top:0;height:100vh;overflow:auto;border-bottom:0;
border-right:1px solid var(--line);font-size:.92rem}
nav.contents ol{columns:auto;padding-left:1.4rem}
main{padding:1.5rem 2.5rem 4rem}
}
@media (max-width:700px){
main{padding:1rem .9rem 3rem}
h1{font-size:1.6rem}
table,tbody,tr,td{display:block;width:100%}
thead{display:none}
tr{border:1px solid var(--line);border-radius:4px;margin:0 0 .9rem;padding:.3rem .2rem}
td{border-bottom:0;padding:.3rem .6rem}
td:before{content:attr(data-label);display:block;font-size:.74rem;font-weight:700;
letter-spacing:.03em;color:var(--soft)}
td:first-child:before{display:none}
dl>div,dl.short>div{grid-template-columns:minmax(0,1fr)}
dl.short{display:block}
.card{padding:.7rem .8rem}
}
@media print{
@page{size:A4;margin:15mm 13mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);
font:9px sans-serif;color:#566270}}
body{font-size:9.6pt;line-height:1.4;display:block}
main{max-width:none;padding:0}
nav.contents{position:static;height:auto;background:#fff;border:0;padding:0}
.filter,nav.contents details{display:none}
nav.contents{break-after:page}
section{break-before:page}
h2{margin-top:0}
h2,h3,th,.lead{break-after:avoid}
tr,li,dl>div,.note.part,.note.warning{break-inside:avoid}
table.tests tr{break-inside:auto}
thead{display:table-header-group}
table{font-size:8.6pt}
th,td{padding:1.4mm 1.6mm}
th,.note.guide,.note.warning{background:#fff}
.badge{background:#fff!important}
a{color:inherit;text-decoration:none}
a.term,a.field{text-decoration:none}
:target{background:none}
.card{border-width:.6pt;padding:3mm 4mm}
.exact code{font-size:6.6pt}
section.tests table,section.tests h3{display:none}
section.tests::after{content:"The worked patients and tables are left out in print; they are in the page."}
}
)css";

// Hides table rows and cards without the given text; nothing else depends on it.
inline constexpr char kReviewScript[] = R"js(
(function(){
var box=document.getElementById("filter"),input=document.getElementById("filter-text");
var count=document.getElementById("filter-count");
var all=Array.prototype.slice.call(document.querySelectorAll("main section tbody tr"));
var cards=Array.prototype.slice.call(document.querySelectorAll("article.card"));
var texts=all.map(function(e){return (e.id+" "+e.textContent).toLowerCase();});
var heads=cards.map(function(e){return e.textContent.toLowerCase();});
function contains(text,query){return text.indexOf(query)!==-1;}
function run(){
var query=input.value.trim().toLowerCase(),shown=0;
all.forEach(function(e,i){
var card=e.closest("article.card");
var keep=query===""?true:(card!==null?true:contains(texts[i],query));
e.hidden=!keep;
if(keep){shown+=card===null?1:0;}
});
cards.forEach(function(e,i){
var keep=query===""?true:contains(heads[i],query);
e.hidden=!keep;
if(keep){shown+=1;}
});
count.textContent=query===""?"":shown+" shown";
}
box.hidden=false;
input.addEventListener("input",run);
})();
)js";

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_RENDER_STYLE_H_
