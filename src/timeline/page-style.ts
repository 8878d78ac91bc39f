// How the page around the charts looks, on a desk and on a phone.
import type { styleSheet } from './theme.ts';

type PageRules = Exclude<Parameters<typeof styleSheet>[0], undefined>;

export const pageLayout = `*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:19px;margin:0;overflow-wrap:anywhere}h3{font-size:15px;margin:24px 0 8px}
p{margin:0 0 12px}section{margin-top:28px;padding:20px;border:1px solid;border-radius:8px}
figure{margin:16px 0 0}.chart{display:block}.patterns{position:absolute}
.legend{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;margin:12px 0 0;padding:0}
.legend li{display:flex;align-items:center;gap:8px}
.alarm{margin:16px 0 0;padding:10px 14px 10px 32px;border:2px solid;border-radius:8px;font-weight:600;overflow-wrap:anywhere}
code{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
time{font-variant-numeric:tabular-nums}.part{white-space:nowrap}
.steps{list-style:none;margin:0;padding:0}
.steps li{display:flex;gap:4px 20px;padding:6px 0;border-top:1px solid}.steps li:first-child{border-top:0}
.when{flex:0 0 250px;display:flex;justify-content:space-between}.what{min-width:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:13px}
th,td{text-align:left;vertical-align:top;padding:8px 12px 8px 0;border-top:1px solid;font-weight:400}
thead th{border-top:0;font-size:12px;font-weight:600}tbody th{min-width:180px}td .state{font-weight:600}
@media (max-width:760px){
.minor{display:none}
section{padding:14px 10px;margin-left:-6px;margin-right:-6px}
.steps li{flex-direction:column}.when{flex:none;justify-content:flex-start;gap:12px}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,th,td{display:block}tr{border-top:1px solid;padding:8px 0}tbody tr:first-child{border-top:0}
tbody th,td{border:0;padding:2px 0}td{position:relative;padding-left:100px}td:empty{display:none}
td::before{content:attr(data-label);position:absolute;left:0}}
@media (max-width:400px){text.kid{font-size:10px}}
`;

export const pageRules: PageRules = ({ back, panel, text, quiet, line }) =>
  `body{background:${panel};color:${text}}section{background:${back}}section,.steps li,th,td,tr{border-color:${line}}.quiet,thead th,td::before{color:${quiet}}`;
